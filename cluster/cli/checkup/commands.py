import typer

app = typer.Typer()


@app.command()
def info(root: str) -> None:
    """x"""
