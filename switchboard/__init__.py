"""Where the rooms are put together: settings, the app, the command line.  Holds no logic of its own."""
