"""The proof: what one interpreter saves, measured with equal work on both sides.

    cli.py           the command line: arguments.py, argument_types.py,
                     shared_arguments.py, exit_codes.py, and help.py, what it says
                     about itself
    measure.py       launches in ABBA order, one after another
    catalogue.py     the arrangements that there are; commands.py starts them
    launched/        what is launched in the runner's place; late_imports.py finds
                     what `together-eager` imports, toml_writer.py writes plans
    arrangements.py  one that runs: its addresses, its events, its end
    processes.py     one launched process: ready, watched, stopped, reaped;
                     launch_limit.py has all of them end in time
    redis_server.py  the bus of arrangements that need one
    checkpoints.py   the way of one launch; sampling.py reads its memory there, and
                     runner_signals.py has its runners collect and trim
    regions.py       a process's memory by what is mapped, file by file
    story.py         what every launch lives through, player.py the steps of it;
                     own_story.py anybody's; pinged_site.py is what jobs ping
    visitor.py       an HTTP client that counts, viewer.py a WebSocket client
    timings.py       what these waited for; crashes.py what dies with a service
    ledger.py        the counts of both ends, compared field by field; rows.py what
                     a launch wrote, answers.py what its clients were told
    statistics.py    the saving and its interval; validity.py what speaks against it
    gates.py         the verdict on it
    figures.py       what a report says, as numbers; notes.py what it says beside
                     them; waterfall.py each saving's worth
    attribution/     whose memory it is, service by service and module by module
    kept/            the commands about reports that were kept
    compare.py       holds two of them against each other, by changes.py;
                     baseline.py holds one against a reviewed file, by the marks.py
                     in it
    recording.py     processes that run already, over time
    environment.py   the machine it was measured on; doctor.py what is wrong with it;
                     cgroup.py who limits and accounts for its memory
    records.py       the data between all of these; files.py keeps it as JSON
    render/          the ways to show it; progress.py how far it is meanwhile
    errors.py        what can go wrong, in words; units.py the units of sizes

Nothing here imports a service: they are launched as a user launches them.
"""
