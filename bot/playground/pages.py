"""The page's own files, and the files of messages, served so that neither can do harm."""

from pathlib import Path

from aiohttp import web

from bot.playground.files import Files

PAGE = Path(__file__).parent / "page"
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "media-src 'self'; connect-src 'self' ws://{host}; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)


class Pages:
    """Handlers of `/`, `/static` and `/cdn`."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Register every route."""
        router.add_get("/", self._index)
        router.add_get("/static/{file:.+}", self._static)
        router.add_get("/cdn/attachments/{channel}/{file}/{name}", self._file)

    async def _index(self, request: web.Request) -> web.StreamResponse:
        return self._page_file("index.html", request)

    async def _static(self, request: web.Request) -> web.StreamResponse:
        return self._page_file(request.match_info["file"], request)

    def _page_file(self, name: str, request: web.Request) -> web.StreamResponse:
        path = (PAGE / name).resolve()
        if not path.is_relative_to(PAGE.resolve()) or not path.is_file():
            raise web.HTTPNotFound
        policy = CSP.format(host=request.host)
        headers = {"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"}
        return web.FileResponse(path, headers=headers | {"Referrer-Policy": "no-referrer"})

    async def _file(self, request: web.Request) -> web.Response:
        stored = self._files.get(request.match_info["file"])
        try:
            allowed = self._files.allowed(request.match_info["file"], request.query["ex"], request.query["hm"])
        except (KeyError, ValueError):
            allowed = False
        if stored is None or not allowed:
            return web.Response(status=404, text="This content is no longer available.")
        kind = stored.content_type or "application/octet-stream"
        shown = kind.startswith(("image/", "video/", "audio/")) and kind != "image/svg+xml"
        headers = {
            "Content-Security-Policy": "default-src 'none'; sandbox", "X-Content-Type-Options": "nosniff",
            "Content-Disposition": f"{'inline' if shown else 'attachment'}; filename={stored.filename}",
            "Cache-Control": "private, max-age=86400",
        }  # fmt: skip
        return web.Response(body=stored.data, content_type=kind, headers=headers)
