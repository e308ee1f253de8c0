-- Homarr's tables as they stand after its migration 0041, under its names.
CREATE TABLE "__drizzle_migrations" (
  id SERIAL PRIMARY KEY,
  hash text NOT NULL,
  created_at numeric
);

CREATE TABLE "user" (
  id text PRIMARY KEY NOT NULL,
  name text,
  email text,
  email_verified integer,
  image text,
  password text,
  provider text DEFAULT 'credentials' NOT NULL,
  home_board_id text REFERENCES "board" (id) ON DELETE SET NULL,
  mobile_home_board_id text REFERENCES "board" (id) ON DELETE SET NULL,
  default_search_engine_id text REFERENCES "search_engine" (id) ON DELETE SET NULL,
  open_search_in_new_tab integer DEFAULT true NOT NULL,
  color_scheme text DEFAULT 'dark' NOT NULL,
  first_day_of_week integer DEFAULT 1 NOT NULL,
  ping_icons_enabled integer DEFAULT false NOT NULL,
  ddg_bangs integer DEFAULT true NOT NULL,
  completed_manage_tour integer DEFAULT false NOT NULL,
  completed_board_tour integer DEFAULT false NOT NULL,
  enable_right_click_on_widgets integer DEFAULT true NOT NULL
);

CREATE TABLE "account" (
  user_id text NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
  type text NOT NULL,
  provider text NOT NULL,
  provider_account_id text NOT NULL,
  refresh_token text,
  access_token text,
  expires_at integer,
  token_type text,
  scope text,
  id_token text,
  session_state text,
  PRIMARY KEY (provider, provider_account_id)
);
CREATE INDEX "userId_idx" ON "account" (user_id);

CREATE TABLE "session" (
  session_token text PRIMARY KEY NOT NULL,
  user_id text NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
  expires integer NOT NULL
);
CREATE INDEX "user_id_idx" ON "session" (user_id);

CREATE TABLE "verificationToken" (
  identifier text NOT NULL,
  token text NOT NULL,
  expires integer NOT NULL,
  PRIMARY KEY (identifier, token)
);

CREATE TABLE "apiKey" (
  id text PRIMARY KEY NOT NULL,
  api_key text NOT NULL,
  user_id text NOT NULL REFERENCES "user" (id) ON DELETE CASCADE
);

CREATE TABLE "group" (
  id text PRIMARY KEY NOT NULL,
  name text NOT NULL,
  owner_id text REFERENCES "user" (id) ON DELETE SET NULL,
  home_board_id text REFERENCES "board" (id) ON DELETE SET NULL,
  mobile_home_board_id text REFERENCES "board" (id) ON DELETE SET NULL,
  position integer NOT NULL
);
CREATE UNIQUE INDEX "group_name_unique" ON "group" (name);

CREATE TABLE "groupMember" (
  group_id text NOT NULL REFERENCES "group" (id) ON DELETE CASCADE,
  user_id text NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
  PRIMARY KEY (group_id, user_id)
);

CREATE TABLE "groupPermission" (
  group_id text NOT NULL REFERENCES "group" (id) ON DELETE CASCADE,
  permission text NOT NULL
);

CREATE TABLE "invite" (
  id text PRIMARY KEY NOT NULL,
  token text NOT NULL,
  expiration_date integer NOT NULL,
  creator_id text NOT NULL REFERENCES "user" (id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX "invite_token_unique" ON "invite" (token);

CREATE TABLE "media" (
  id text PRIMARY KEY NOT NULL,
  name text NOT NULL,
  content blob NOT NULL,
  content_type text NOT NULL,
  size integer NOT NULL,
  created_at integer DEFAULT (unixepoch()) NOT NULL,
  creator_id text REFERENCES "user" (id) ON DELETE SET NULL
);

CREATE TABLE "integration" (
  id text PRIMARY KEY NOT NULL,
  name text NOT NULL,
  url text NOT NULL,
  kind text NOT NULL,
  app_id text REFERENCES "app" (id)
);
CREATE INDEX "integration__kind_idx" ON "integration" (kind);

CREATE TABLE "integrationSecret" (
  kind text NOT NULL,
  value text NOT NULL,
  updated_at integer NOT NULL,
  integration_id text NOT NULL REFERENCES "integration" (id) ON DELETE CASCADE,
  PRIMARY KEY (integration_id, kind)
);
CREATE INDEX "integration_secret__kind_idx" ON "integrationSecret" (kind);
CREATE INDEX "integration_secret__updated_at_idx" ON "integrationSecret" (updated_at);

CREATE TABLE "integrationUserPermission" (
  integration_id text NOT NULL REFERENCES "integration" (id) ON DELETE CASCADE,
  user_id text NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
  permission text NOT NULL,
  PRIMARY KEY (integration_id, permission, user_id)
);

CREATE TABLE "integrationGroupPermissions" (
  integration_id text NOT NULL REFERENCES "integration" (id) ON DELETE CASCADE,
  group_id text NOT NULL REFERENCES "group" (id) ON DELETE CASCADE,
  permission text NOT NULL,
  PRIMARY KEY (group_id, integration_id, permission)
);

CREATE TABLE "board" (
  id text PRIMARY KEY NOT NULL,
  name text NOT NULL,
  is_public integer DEFAULT false NOT NULL,
  creator_id text REFERENCES "user" (id) ON DELETE SET NULL,
  page_title text,
  meta_title text,
  logo_image_url text,
  favicon_image_url text,
  background_image_url text,
  background_image_attachment text DEFAULT 'fixed' NOT NULL,
  background_image_repeat text DEFAULT 'no-repeat' NOT NULL,
  background_image_size text DEFAULT 'cover' NOT NULL,
  primary_color text DEFAULT '#fa5252' NOT NULL,
  secondary_color text DEFAULT '#fd7e14' NOT NULL,
  opacity integer DEFAULT 100 NOT NULL,
  custom_css text,
  disable_status integer DEFAULT false NOT NULL,
  item_radius text DEFAULT 'lg' NOT NULL,
  icon_color text
);
CREATE UNIQUE INDEX "board_name_unique" ON "board" (name);

CREATE TABLE "boardUserPermission" (
  board_id text NOT NULL REFERENCES "board" (id) ON DELETE CASCADE,
  user_id text NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
  permission text NOT NULL,
  PRIMARY KEY (board_id, permission, user_id)
);

CREATE TABLE "boardGroupPermission" (
  board_id text NOT NULL REFERENCES "board" (id) ON DELETE CASCADE,
  group_id text NOT NULL REFERENCES "group" (id) ON DELETE CASCADE,
  permission text NOT NULL,
  PRIMARY KEY (board_id, group_id, permission)
);

CREATE TABLE "layout" (
  id text PRIMARY KEY NOT NULL,
  name text NOT NULL,
  board_id text NOT NULL REFERENCES "board" (id) ON DELETE CASCADE,
  column_count integer NOT NULL,
  breakpoint integer DEFAULT 0 NOT NULL
);

CREATE TABLE "section" (
  id text PRIMARY KEY NOT NULL,
  board_id text NOT NULL REFERENCES "board" (id) ON DELETE CASCADE,
  kind text NOT NULL,
  x_offset integer,
  y_offset integer,
  name text,
  options text DEFAULT '{"json": {}}'
);

CREATE TABLE "item" (
  id text PRIMARY KEY NOT NULL,
  board_id text NOT NULL REFERENCES "board" (id) ON DELETE CASCADE,
  kind text NOT NULL,
  options text DEFAULT '{"json": {}}' NOT NULL,
  advanced_options text DEFAULT '{"json": {}}' NOT NULL
);

CREATE TABLE "item_layout" (
  item_id text NOT NULL REFERENCES "item" (id) ON DELETE CASCADE,
  section_id text NOT NULL REFERENCES "section" (id) ON DELETE CASCADE,
  layout_id text NOT NULL REFERENCES "layout" (id) ON DELETE CASCADE,
  x_offset integer NOT NULL,
  y_offset integer NOT NULL,
  width integer NOT NULL,
  height integer NOT NULL,
  PRIMARY KEY (item_id, section_id, layout_id)
);

CREATE TABLE "section_layout" (
  section_id text NOT NULL REFERENCES "section" (id) ON DELETE CASCADE,
  layout_id text NOT NULL REFERENCES "layout" (id) ON DELETE CASCADE,
  parent_section_id text REFERENCES "section" (id) ON DELETE CASCADE,
  x_offset integer NOT NULL,
  y_offset integer NOT NULL,
  width integer NOT NULL,
  height integer NOT NULL,
  PRIMARY KEY (section_id, layout_id)
);

CREATE TABLE "section_collapse_state" (
  user_id text NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
  section_id text NOT NULL REFERENCES "section" (id) ON DELETE CASCADE,
  collapsed integer DEFAULT false NOT NULL,
  PRIMARY KEY (user_id, section_id)
);

CREATE TABLE "integration_item" (
  item_id text NOT NULL REFERENCES "item" (id) ON DELETE CASCADE,
  integration_id text NOT NULL REFERENCES "integration" (id) ON DELETE CASCADE,
  PRIMARY KEY (integration_id, item_id)
);

CREATE TABLE "app" (
  id text PRIMARY KEY NOT NULL,
  name text NOT NULL,
  description text,
  icon_url text NOT NULL,
  href text,
  ping_url text
);

CREATE TABLE "iconRepository" (
  id text PRIMARY KEY NOT NULL,
  slug text NOT NULL
);

CREATE TABLE "icon" (
  id text PRIMARY KEY NOT NULL,
  name text NOT NULL,
  url text NOT NULL,
  checksum text NOT NULL,
  icon_repository_id text NOT NULL REFERENCES "iconRepository" (id) ON DELETE CASCADE
);

CREATE TABLE "serverSetting" (
  setting_key text PRIMARY KEY NOT NULL,
  value text DEFAULT '{"json": {}}' NOT NULL
);
CREATE UNIQUE INDEX "serverSetting_settingKey_unique" ON "serverSetting" (setting_key);

CREATE TABLE "search_engine" (
  id text PRIMARY KEY NOT NULL,
  icon_url text NOT NULL,
  name text NOT NULL,
  short text NOT NULL,
  description text,
  url_template text,
  type text DEFAULT 'generic' NOT NULL,
  integration_id text REFERENCES "integration" (id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX "search_engine_short_unique" ON "search_engine" (short);

CREATE TABLE "onboarding" (
  id text PRIMARY KEY NOT NULL,
  step text NOT NULL,
  previous_step text
);

CREATE TABLE "trusted_certificate_hostname" (
  hostname text NOT NULL,
  thumbprint text NOT NULL,
  certificate text NOT NULL,
  PRIMARY KEY (hostname, thumbprint)
);

CREATE TABLE "cron_job_configuration" (
  name text PRIMARY KEY NOT NULL,
  cron_expression text NOT NULL,
  is_enabled integer DEFAULT true NOT NULL
);

CREATE TABLE "custom_widget_definition" (
  id text PRIMARY KEY NOT NULL,
  name text NOT NULL,
  description text,
  icon_url text,
  url text NOT NULL,
  auth_type text DEFAULT 'none' NOT NULL,
  header_name text,
  method text DEFAULT 'GET' NOT NULL,
  request_body text,
  display_type text DEFAULT 'singleValue' NOT NULL,
  display_config text DEFAULT '{"json": {}}' NOT NULL,
  enabled integer DEFAULT true NOT NULL,
  created_at integer DEFAULT (unixepoch()) NOT NULL,
  updated_at integer DEFAULT (unixepoch()) NOT NULL,
  creator_id text REFERENCES "user" (id) ON DELETE SET NULL
);

CREATE TABLE "custom_widget_secret" (
  kind text NOT NULL,
  value text NOT NULL,
  updated_at integer NOT NULL,
  definition_id text NOT NULL
    REFERENCES "custom_widget_definition" (id) ON DELETE CASCADE,
  PRIMARY KEY (definition_id, kind)
);

CREATE TABLE "widget_secret" (
  item_id text NOT NULL REFERENCES "item" (id) ON DELETE CASCADE,
  kind text NOT NULL,
  value text NOT NULL,
  updated_at integer NOT NULL,
  PRIMARY KEY (item_id, kind)
);
