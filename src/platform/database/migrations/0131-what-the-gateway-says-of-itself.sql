-- The gateway looks up what it said last of itself before it says it again.
create index finding_of_gateway on finding (dedup_key, seq) where subject = '_gateway';
