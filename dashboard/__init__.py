"""What the application knows, told to every service in the same words.

    settings, errors, ids, superjson   the ground floor: imports nothing above it
    identity, stored                   who asks; objects stored as text
    database/                          one SQLite file, two drivers, cancel-safe
    accounts/                          users, passwords, sessions, onboarding
    boards/, apps                      boards with their items, and the apps on them
    jobs                               the cron jobs as data, and their configuration
    bus/                               events between services, in memory or by Redis
    procedures                         the subscriptions, declared once
    health, resources                  the checks, and what is opened once and shared

Nothing here delivers a byte to a client: services/ does.
"""
