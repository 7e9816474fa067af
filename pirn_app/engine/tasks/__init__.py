"""How jobs are done: one generator of events per kind of job."""
