CREATE TYPE "order_status" AS ENUM ('draft', 'paid', 'void');
CREATE TABLE "orders" (
  "id" bigserial primary key,
  "bubble_id" character varying NOT NULL,
  "number" character varying,
  "status" "order_status" DEFAULT 'draft' NOT NULL,
  "total" numeric(12,2),
  "rating" float,
  "quantity" integer,
  "paid" boolean DEFAULT FALSE NOT NULL,
  "due_on" date,
  "placed_at" timestamp(6),
  "tags" character varying[] DEFAULT '{}' NOT NULL,
  "place" jsonb DEFAULT '{}' NOT NULL,
  "external_id" uuid,
  "modified_date" timestamp(6),
  "last_synced_at" timestamp(6),
  "deleted_in_bubble_at" timestamp(6),
  "created_at" timestamp(6) NOT NULL,
  "updated_at" timestamp(6) NOT NULL
);
CREATE UNIQUE INDEX "index_orders_on_bubble_id" ON "orders" ("bubble_id");
