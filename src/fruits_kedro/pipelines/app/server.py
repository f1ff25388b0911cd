"""The app's server: the page, ``POST /predict`` for machines and ``GET /healthz``."""

import asyncio
import hashlib
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import click
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fruits_kedro import FruitsError
from fruits_kedro.datasets.app import media_type
from fruits_kedro.pipelines.app.predicting import PhotographError, Predictor

MAX_BYTES = 20_000_000
LOOPBACK = ("127.0.0.1", "localhost")
EVERY_ADDRESS = "0.0.0.0"  # noqa: S104
_SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def create_server(
    site: dict[str, bytes], predictor: Predictor | None, hosts: tuple[str, ...] = ("*",)
) -> Starlette:
    """The application.

    Args:
        site: Files of the app by path, kept in memory.
        predictor: Answers photographs; None if there is no model for a phone.
        hosts: Accepted names of this server; others are refused against DNS rebinding.
    """
    # Bounds how many photographs are decoded at once, and how many engines there are.
    pool = ThreadPoolExecutor(predictor.threads if predictor else 1)
    tags = {path: f'"{hashlib.sha256(content).hexdigest()}"' for path, content in site.items()}

    async def show(request: Request) -> Response:
        path = request.path_params["path"] or "index.html"
        if path not in site:
            return _error(404, f"There is no {path} here.")
        headers = {"ETag": tags[path], "Cache-Control": "no-cache", **_SECURITY}
        if tags[path] in request.headers.get("if-none-match", ""):
            return Response(None, 304, headers)
        return Response(site[path], 200, headers, media_type(path))

    async def predict(request: Request) -> Response:
        if predictor is None:
            return _error(503, "There is no model for a phone: see 06_models/fruits.json for why.")
        kind = request.headers.get("content-type", "image/*").partition(";")[0].strip().lower()
        if not kind.startswith("image/") and kind != "application/octet-stream":
            return _error(
                415,
                f"Send the bytes of an image with its type, such as image/jpeg; {kind} is none.",
            )
        try:
            content = await _read(request)
        except ClientDisconnect:
            return Response(None, 400)
        if content is None:
            return _error(413, f"A photograph may have {MAX_BYTES / 1e6:.0f} MB at most.")
        try:
            answer = asyncio.get_running_loop().run_in_executor(pool, predictor.predict, content)
            return JSONResponse(await answer)
        except PhotographError as error:
            return _error(422, f"The photograph is not named: {error.message}")

    async def healthz(_: Request) -> Response:
        model = predictor.model if predictor else None
        return JSONResponse(
            {
                "status": "ok",
                "model": model.sha256 if model else None,
                "labels": len(model.card.labels) if model else 0,
            }
        )

    return Starlette(
        routes=[
            Route("/predict", predict, methods=["POST"]),
            Route("/healthz", healthz),
            Route("/{path:path}", show),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts))],
    )


def serve(site: dict[str, bytes], predictor: Predictor | None, host: str, port: int) -> None:
    """Serve until interrupted. Raises FruitsError if the address is taken or another machine's."""
    import uvicorn

    try:
        listening = socket.create_server((host, port))
    except OSError as error:
        raise FruitsError(
            f"Nothing can be served at {host}:{port} ({error.strerror}): choose another --port or "
            "--host."
        ) from error
    port = listening.getsockname()[1]
    hosts = LOOPBACK if host in LOOPBACK else ("*",)
    name = "localhost" if host in (*LOOPBACK, EVERY_ADDRESS) else host
    click.echo(f"The app is at http://{name}:{port} (Ctrl+C ends it)")
    if host == EVERY_ADDRESS:
        click.echo(f"Other devices open http://{own_address() or 'ADDRESS-OF-THIS-MACHINE'}:{port}")
    if host not in LOOPBACK:
        click.echo("Browsers give other devices no camera here: they need https.")
    server = create_server(site, predictor, hosts)
    config = uvicorn.Config(server, log_level="warning", server_header=False)
    uvicorn.Server(config).run(sockets=[listening])


def own_address() -> str | None:
    """The address of this machine in its network; None without a network."""
    with suppress(OSError), socket.socket(type=socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # sends nothing, but chooses the interface
        return str(probe.getsockname()[0])
    return None


async def _read(request: Request) -> bytes | None:
    """The body; None if it is too large. Reading stops at the limit."""
    announced = request.headers.get("content-length", "0")
    if not announced.isdecimal() or int(announced) > MAX_BYTES:
        return None
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > MAX_BYTES:
            return None
    return bytes(content)


def _error(status: int, sentence: str) -> JSONResponse:
    return JSONResponse({"error": sentence}, status)
