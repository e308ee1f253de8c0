"""What services import only when they need it, found in their source."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path

from runner.plan import Plan


def find_late_imports(plan: Plan, folders: Sequence[Path]) -> list[str]:
    """Return the modules that a function, not a module, imports; sorted.

    The search begins at the plan's references and follows every import through the
    source below `folders`; of other distributions it knows the names only.
    """

    late: set[str] = set()
    seen: set[str] = set()
    todo = [
        reference.partition(":")[0]
        for service in plan.services.values()
        for reference in (service.run, service.asgi, service.connections)
        if reference is not None
    ]
    while todo:
        module = todo.pop()
        if module in seen:
            continue

        seen.add(module)
        if module.endswith(".*"):
            members = list(_list_members(module[:-2], folders))
            todo += members
            late |= {*members}
            continue

        file = _find_source(module, folders)
        if file is None:
            continue

        package = module if file.name == "__init__.py" else module.rpartition(".")[0]
        tree = ast.parse(file.read_bytes(), filename=str(file))
        for name, is_late in _list_imports(tree, package):
            todo.append(name)
            if is_late:
                late.add(name)

    return sorted(late)


def _list_imports(
    node: ast.AST, package: str, *, late: bool = False
) -> Iterator[tuple[str, bool]]:
    """Yield the modules that a piece of source imports, and whether in a function."""

    for child in ast.iter_child_nodes(node):
        match child:
            case ast.Import(names=names):
                yield from ((each.name, late) for each in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                base = _resolve(module or "", package, level)
                yield base, late
                # What is imported from a package may be a module of it.
                yield from ((f"{base}.{each.name}", late) for each in names)
            case ast.Call(func=ast.Name(id="import_module"), args=[named, *_]):
                yield from ((name, late) for name in _read_name(named, package))
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield from _list_imports(child, package, late=True)
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                continue
            case _:
                yield from _list_imports(child, package, late=late)


def _read_name(named: ast.expr, package: str) -> Iterator[str]:
    """Yield what `import_module` is asked for; `package.*` for any of its modules."""

    match named:
        case ast.Constant(value=str(name)):
            yield name
        case ast.JoinedStr(
            values=[ast.FormattedValue(value=ast.Name(id="__name__")), *_]
        ):
            yield f"{package}.*"


def _resolve(module: str, package: str, level: int) -> str:
    if not level:
        return module

    parents = package.split(".")
    return ".".join([*parents[: len(parents) - level + 1], *filter(None, [module])])


def _list_members(package: str, folders: Sequence[Path]) -> Iterator[str]:
    file = _find_source(package, folders)
    if file is not None:
        for member in sorted(file.parent.glob("*.py")):
            if member != file:
                yield f"{package}.{member.stem}"


def _find_source(module: str, folders: Sequence[Path]) -> Path | None:
    path = Path(*module.split("."))
    for folder in folders:
        for file in (folder / path / "__init__.py", folder / path.with_suffix(".py")):
            if file.is_file():
                return file

    return None
