"""`/console/agents`: who answers here, what they can do, when they are here, and who their people are."""
