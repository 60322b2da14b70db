namespace BubbleSync.Simulator.Generation;

/// <summary>What an invoice item carries besides its id, its dates and its author.</summary>
internal static class ItemFields
{
    public static Field[] All { get; } =
    [
        new("DESCRIPTION", "text", 960, static draft => draft.Text(Phrases.Items)),
        new("QTY", "number", 900, static draft => draft.Below(5) == 0 ? draft.Decimal(1, 400, 2) : draft.Integer(1, 24)),
        new("AMOUNT", "number", 960, static draft => draft.Decimal(-100000, 3000000, 2)),
        new("UNIT PRICE", "number", 900, static draft => draft.Decimal(100, 250000, 2)),
        new("is a Package?", "boolean", 900, static draft => draft.YesNo()),
        new("Linked Invoice", "custom.invoice", 600, static draft => draft.Link(Kind.Invoice, draft.Dataset.Parent(Kind.Item, draft.Index, Kind.Invoice))),
        new("Linked Package", "custom.package", 450, static draft => draft.LinkToNothing()),
        new("EPP", "number", 250, static draft => draft.Decimal(0, 3600, 2)),
        new("Sort", "number", 500, static draft => draft.Below(8) == 0 ? draft.Decimal(1, 99, 1) : draft.Integer(1, 9)),
        new("Linked Voucher", "custom.voucher", 150, static draft => draft.LinkToNothing()),
        new("Voucher Remark", "text", 100, static draft => draft.Text(Phrases.Remarks)),
        new("Inv Item Type", "text", 400, static draft => draft.Text(Phrases.PackageTypes)),
    ];
}
