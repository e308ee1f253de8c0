"""What the application knows, told to every service in the same words.

    settings, setting_words            every knob, and how its text is read
    errors, ids, superjson, identity   the ground floor: imports nothing above it
    stored                             objects stored as text
    database/                          one SQLite file, three drivers, cancel-safe
    accounts/                          users, groups, sessions, keys, invites, throttle
    boards/, apps                      boards with their items, and the apps on them
    outgoing/, sources                 every request to another server, and to which
    pings, weather, location, updates  what is asked of them, in Homarr's shapes
    feeds/, icons/                     the same, with more to it
    integrations                       those of a Homarr file: listed and deleted
    jobs                               the cron jobs as data, and their configuration
    bus/                               events between services, in memory or by Redis
    cache/                             answers kept for a while, in the same two places
    logs                               the log on the bus, for those who read it
    neighbours                         who else runs services on the same database
    procedures                         the subscriptions, declared once
    health, resources                  the checks, and what is opened once and shared
    cli/                               python -m dashboard

Nothing here delivers a byte to a client: services/ does.
"""
