"""What the application knows, told to every service in the same words.

    settings, setting_words            every knob, and how its text is read
    errors, ids, superjson, identity   the ground floor: imports nothing above it
    stored                             objects stored as text
    database/                          one SQLite file, three drivers, cancel-safe
    accounts/                          users, groups, sessions, keys, invites, throttle
    boards/, apps                      boards with their items, and the apps on them
    integrations                       those of a Homarr file: listed and deleted
    jobs                               the cron jobs as data, and their configuration
    bus/                               events between services, in memory or by Redis
    procedures                         the subscriptions, declared once
    health, resources                  the checks, and what is opened once and shared
    cli/                               python -m dashboard

Nothing here delivers a byte to a client: services/ does.
"""
