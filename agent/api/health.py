"""Health, figures, and the description of the service as a page that needs nothing else."""

from importlib.resources import files
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from agent.api.caller import house_of

router = APIRouter(tags=["health"])


@router.get("/healthz", response_class=JSONResponse)
def healthz() -> dict[str, str]:
    """The process lives."""
    return {"status": "ok"}


@router.get("/readyz", response_class=JSONResponse, responses={503: {"description": "not ready"}})
def readyz(request: Request) -> Response:
    """The tables are open, the store can be read, and encounters are taken."""
    house = house_of(request)
    house.desks(house.settings.tenant).worklist(limit=1)
    if not house.runner.taking:
        return JSONResponse({"status": "stopping"}, status_code=503)
    return JSONResponse({"status": "ok", "waiting": house.jobs.waiting()})


@router.get("/metrics", response_class=Response)
def metrics(request: Request) -> Response:
    """Figures in Prometheus's text form; they name no person, practice or encounter."""
    house = house_of(request)
    house.metrics.waiting.set(house.jobs.waiting())
    return Response(house.metrics.text(), media_type=house.metrics.content_type)


@router.get("/docs", response_class=HTMLResponse, include_in_schema=False)
def docs(request: Request) -> HTMLResponse:
    """Every operation with what it takes and gives; the machine-readable form is at /openapi.json."""
    from jinja2 import Environment, StrictUndefined

    text = (files("agent.api") / "templates" / "docs.html").read_text("utf-8")
    page = Environment(autoescape=True, undefined=StrictUndefined).from_string(text)
    schema: dict[str, Any] = request.app.openapi()
    return HTMLResponse(page.render(info=schema["info"], groups=_groups(schema)))


def _groups(schema: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for path, operations in schema["paths"].items():
        for method, said in operations.items():
            row = {
                "method": method.upper(),
                "path": path,
                "summary": said.get("description", said.get("summary", "")),
                "parameters": [p for p in said.get("parameters", []) if p["in"] == "query"],
                "body": _name(said.get("requestBody", {}).get("content", {})),
                "answers": {
                    code: _name(answer.get("content", {})) or answer["description"]
                    for code, answer in said["responses"].items()
                },
            }
            found.setdefault(said["tags"][0], []).append(row)
    return found


def _name(content: dict[str, Any]) -> str:
    schema = content.get("application/json", {}).get("schema", {})
    return str(schema.get("$ref", "")).rpartition("/")[2]
