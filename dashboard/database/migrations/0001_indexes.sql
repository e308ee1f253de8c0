-- What Homarr's tables lack: without these, each page view reads whole tables.
-- The names begin with oneroof_ so that none of Homarr's can ever be the same.

-- A board and what is on it.
CREATE INDEX IF NOT EXISTS "oneroof_board_name" ON "board" (lower(name));
CREATE INDEX IF NOT EXISTS "oneroof_board_creator" ON "board" (creator_id);
CREATE INDEX IF NOT EXISTS "oneroof_layout_board" ON "layout" (board_id);
CREATE INDEX IF NOT EXISTS "oneroof_section_board" ON "section" (board_id);
CREATE INDEX IF NOT EXISTS "oneroof_item_board" ON "item" (board_id);
CREATE INDEX IF NOT EXISTS "oneroof_item_kind" ON "item" (kind);

-- What stands in a section or a layout; also read by SQLite itself, when one goes.
CREATE INDEX IF NOT EXISTS "oneroof_item_layout_section" ON "item_layout" (section_id);
CREATE INDEX IF NOT EXISTS "oneroof_item_layout_layout" ON "item_layout" (layout_id);
CREATE INDEX IF NOT EXISTS "oneroof_section_layout_layout"
  ON "section_layout" (layout_id);
CREATE INDEX IF NOT EXISTS "oneroof_section_layout_parent"
  ON "section_layout" (parent_section_id);
CREATE INDEX IF NOT EXISTS "oneroof_section_collapse_state_section"
  ON "section_collapse_state" (section_id);
CREATE INDEX IF NOT EXISTS "oneroof_integration_item_item"
  ON "integration_item" (item_id);
CREATE INDEX IF NOT EXISTS "oneroof_integration_app" ON "integration" (app_id);
CREATE INDEX IF NOT EXISTS "oneroof_user_home" ON "user" (home_board_id);
CREATE INDEX IF NOT EXISTS "oneroof_user_mobile_home"
  ON "user" (mobile_home_board_id);
CREATE INDEX IF NOT EXISTS "oneroof_group_home" ON "group" (home_board_id);
CREATE INDEX IF NOT EXISTS "oneroof_group_mobile_home"
  ON "group" (mobile_home_board_id);

-- Who may do what.
CREATE INDEX IF NOT EXISTS "oneroof_board_user_permission_user"
  ON "boardUserPermission" (user_id, board_id, permission);
CREATE INDEX IF NOT EXISTS "oneroof_board_group_permission_group"
  ON "boardGroupPermission" (group_id, board_id, permission);
CREATE INDEX IF NOT EXISTS "oneroof_integration_user_permission_user"
  ON "integrationUserPermission" (user_id);
CREATE INDEX IF NOT EXISTS "oneroof_integration_group_permissions_integration"
  ON "integrationGroupPermissions" (integration_id);
CREATE INDEX IF NOT EXISTS "oneroof_group_member_user"
  ON "groupMember" (user_id, group_id);
CREATE INDEX IF NOT EXISTS "oneroof_group_permission_group"
  ON "groupPermission" (group_id, permission);
CREATE INDEX IF NOT EXISTS "oneroof_group_permission_permission"
  ON "groupPermission" (permission, group_id);
CREATE INDEX IF NOT EXISTS "oneroof_group_owner" ON "group" (owner_id);

-- Accounts.
CREATE INDEX IF NOT EXISTS "oneroof_user_name" ON "user" (lower(name), provider);
CREATE INDEX IF NOT EXISTS "oneroof_user_email" ON "user" (email, provider);
CREATE INDEX IF NOT EXISTS "oneroof_session_expires" ON "session" (expires);
CREATE INDEX IF NOT EXISTS "oneroof_api_key_user" ON "apiKey" (user_id);
CREATE INDEX IF NOT EXISTS "oneroof_invite_creator" ON "invite" (creator_id);
CREATE INDEX IF NOT EXISTS "oneroof_invite_expiration_date"
  ON "invite" (expiration_date);

-- Its rows hold whole pictures: a scan reads all of them.
CREATE INDEX IF NOT EXISTS "oneroof_media_creator" ON "media" (creator_id);

-- The one large table: more than ten thousand rows.
CREATE INDEX IF NOT EXISTS "oneroof_icon_repository" ON "icon" (icon_repository_id);
