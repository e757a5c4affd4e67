-- Tokens of second screens: each shows one view, from one address. Such a token is exchanged once for a session of the
-- screen, whose hash stands here; then token_hash is that of a secret nobody knows.
alter table api_token
  add column display_view text check (display_view in ('wall', 'map', 'desk')),
  add column display_address text,
  -- A wall of cameras; it may be gone by now.
  add column display_wall uuid,
  add column display_token_until_ms bigint,
  add column display_session_hash bytea unique check (length(display_session_hash) = 32),
  add column display_begun_at_ms bigint,
  add constraint display_has_an_address check ((display_view is null) = (display_address is null));
