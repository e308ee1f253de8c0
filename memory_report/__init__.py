"""The proof: what one interpreter saves, measured with equal work on both sides.

    cli.py           the command line, with arguments.py and exit_codes.py
    measure.py       launches in ABBA order, one after another
    catalogue.py     the arrangements that there are; commands.py starts them
    launched/        what is launched in the runner's place
    arrangements.py  one that runs: its addresses, its events, its end
    processes.py     one launched process: ready, watched, stopped, reaped
    redis_server.py  the bus of arrangements that need one
    checkpoints.py   the way of one launch; sampling.py reads its memory there
    story.py         what every launch lives through; own_story.py anybody's
    visitor.py       an HTTP client that counts, viewer.py a WebSocket client
    timings.py       what these waited for; crashes.py what dies with a service
    ledger.py        the counts of both ends, compared field by field
    statistics.py    the saving and its interval; validity.py what speaks against it
    gates.py         the verdict on it
    figures.py       what a report says, as numbers; waterfall.py each saving's worth
    attribution/     whose memory it is, service by service and module by module
    kept/            what is done with reports that were kept
    environment.py   the machine it was measured on; doctor.py what is wrong with it
    records.py       the data between all of these; files.py keeps it as JSON
    render/          the ways to show it

Nothing here imports a service: they are launched as a user launches them.
"""
