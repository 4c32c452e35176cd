-- Revert archive:narrow_addresses from pg
\ir ../deploy/access_disclosure.sql
