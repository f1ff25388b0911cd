"""What S3 refuses, in one sentence, whichever client it said it to."""

_SENTENCES = {
    (
        "ExpiredToken",
        "token has expired",
        "TokenRefreshRequired",
        "security token included in the request is expired",
        # A HEAD is answered without words.
        "(400) when calling the HeadObject operation",
    ): (
        "The AWS credentials have expired: renew them where they come from (environment, profile "
        "or role), then run again; what was committed stays."
    ),
    (
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "InvalidToken",
        "Unable to locate credentials",
        "Unable to load credentials",
        "access key ID you provided does not exist",
        "Access Key Id you provided does not exist",
        "signature we calculated does not match",
    ): (
        "S3 does not know the AWS credentials of this run, or there are none: check the standard "
        "AWS environment, profile or role, on this machine and on the cluster's."
    ),
}
_REFUSED = {
    ("NoSuchBucket", "bucket does not exist"): (
        "The bucket does not exist: check its name, the region, and AWS_ENDPOINT_URL if it is set."
    ),
    ("AccessDenied", "Access Denied", "Access denied", "Forbidden"): (
        "S3 denies the access: the credentials of this run need s3:ListBucket and s3:GetObject on "
        "the photographs, and s3:PutObject, s3:DeleteObject and s3:AbortMultipartUpload on the "
        "storage as well; what was committed stays."
    ),
}


def credentials_problem(text: str) -> str | None:
    """The sentence for credentials that no request would be answered with."""
    return _first(text, _SENTENCES)


def s3_problem(text: str) -> str | None:
    """The sentence for an error of S3, found in what a client or a Java stack trace says."""
    return _first(text, _SENTENCES | _REFUSED)


def _first(text: str, sentences: dict[tuple[str, ...], str]) -> str | None:
    found = (told for signs, told in sentences.items() if any(sign in text for sign in signs))
    return next(found, None)
