"""Every machine's journal, stored on another machine: what hands it out, and what pulls and stores it."""
