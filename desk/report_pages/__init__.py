"""`/console/reports`: the reports as pages, with charts, tables and files.  What they count is desk/reports.py's."""
