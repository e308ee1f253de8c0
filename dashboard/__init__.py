"""What the application knows, told to every service in the same words.

    settings, variables, setting_words  every knob, where it is set, how that is read
    errors, ids, identity, superjson,
    javascript                          the ground floor: imports nothing above it
    version, peer, image_types          the same: who we are, who asks, what an image is
    inputs, issues/                     types that check themselves, and Zod's words
    stored                              objects stored as text
    database/                           one SQLite file, three drivers, cancel-safe
    accounts/                           users, groups, sessions, keys, invites, throttle
    boards/, apps, media                boards with their items, their apps and images
    oldmarr/                            boards of Homarr before 1.0, from their files
    search_engines                      what the search field's short words mean
    server_settings, statistics         what administrators choose; how much there is
    outgoing/, sources                  every request to another server, and to which
    pings, weather, location, updates   what is asked of them, in Homarr's shapes
    feeds/, icons/                      the same, with more to it
    integrations                        those of a Homarr file: listed and deleted
    jobs/                               the cron jobs: as data, stored, asked for, run
    bus/                                events between services, in memory or by Redis
    cache/                              answers kept for a while, in the same two places
    logs, memory_reports                the log on the bus; the memory report on file
    neighbours                          who else runs services on the same database
    trpc/                               every procedure that clients call, declared once
    health, resources                   the checks, and what is opened once and shared
    cli/                                python -m dashboard

Nothing here delivers a byte to a client: services/ does.
"""
