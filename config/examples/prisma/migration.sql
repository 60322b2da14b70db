-- CreateEnum
CREATE TYPE "OrderStatus" AS ENUM ('draft', 'paid', 'void');

-- CreateTable
CREATE TABLE "Order" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "bubbleId" TEXT NOT NULL,
    "number" TEXT,
    "status" "OrderStatus" NOT NULL DEFAULT 'draft',
    "total" DECIMAL(65,30),
    "rating" DOUBLE PRECISION,
    "quantity" INTEGER,
    "paid" BOOLEAN NOT NULL DEFAULT false,
    "dueOn" DATE,
    "placedAt" TIMESTAMP(3),
    "tags" TEXT[],
    "place" JSONB,
    "externalId" UUID,
    "modified_date" TIMESTAMP(3),
    "created_at" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMP(3) NOT NULL,
    "last_synced_at" TIMESTAMP(3),
    "deleted_in_bubble_at" TIMESTAMP(3),

    CONSTRAINT "Order_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "Order_bubbleId_key" ON "Order"("bubbleId");
