"""`/console/customers`: finding people, knowing them, keeping their records true, and letting them go."""
