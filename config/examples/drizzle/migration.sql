CREATE TYPE "public"."order_status" AS ENUM('draft', 'paid', 'void');--> statement-breakpoint
CREATE TABLE "orders" (
	"id" serial PRIMARY KEY NOT NULL,
	"bubble_id" text NOT NULL,
	"number" varchar(50),
	"status" "order_status" DEFAULT 'draft' NOT NULL,
	"total" numeric(12, 2),
	"rating" real,
	"quantity" smallint,
	"paid" boolean DEFAULT false NOT NULL,
	"due_on" date,
	"placed_at" timestamp (3) with time zone,
	"tags" text[],
	"place" json,
	"external_id" uuid,
	"modified_date" timestamp (3),
	"created_at" timestamp DEFAULT now() NOT NULL,
	"updated_at" timestamp DEFAULT now() NOT NULL,
	"last_synced_at" timestamp,
	"deleted_in_bubble_at" timestamp,
	CONSTRAINT "orders_bubble_id_unique" UNIQUE("bubble_id")
);
