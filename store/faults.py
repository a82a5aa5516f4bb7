"""How an unexpected error is told in a log: by kind and place.  Its message may quote the data, so it stays out."""


def told(error: BaseException) -> dict[str, object]:
    """Fields for a log line: `error` and the last steps of the traceback."""
    places = []
    step = error.__traceback__
    while step is not None:
        code = step.tb_frame.f_code
        places.append(f"{code.co_filename.rpartition('/')[2]}:{step.tb_lineno} {code.co_name}")
        step = step.tb_next
    return {"error": type(error).__name__, "at": places[-6:]}
