"""The roof: many services in one interpreter, on one port, with no supervisor.

# Layout, from the door down

cli          the command line: arguments, and the errors that end it; usage: wrong ones
run          what belongs to the whole interpreter: signals, log, allocator, lanes
roof         the algorithm: start in order, wait for a reason to stop, drain
drain        who is asked to stop, in which order, and who was late
service      one service's life; restarts: whether it gets another
front_door   listening and accepting; http, protocol: requests; asgi, mounts: whose;
             handover: sockets without HTTP; upgrade: what both ways refuse
lane         one thread, one event loop, and the two ways across
monitor      the memory monitor, a service like any other; relief: giving it back
plan         the services as data; plan_file: reading them; contract: calling them
events       what is told, in which words; log: where it goes
lazy, signals, watchdog, system, errors    the ground floor; errors: exit codes too

The runner knows services by the names of their functions and imports none.
"""
