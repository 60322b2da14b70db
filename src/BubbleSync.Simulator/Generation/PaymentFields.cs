namespace BubbleSync.Simulator.Generation;

/// <summary>What a payment carries besides its id, its dates and its author.</summary>
internal static class PaymentFields
{
    public static Field[] All { get; } =
    [
        new("Amount", "number", 980, static draft => draft.Decimal(5000, 3000000, 2)),
        new("Payment Date", "date", 850, static draft => draft.Date(15)),
        new("Payment Method", "text", 350, static draft => draft.Text(Phrases.Methods)),
        new("Remark", "text", 250, static draft => draft.Text(Phrases.Remarks)),
        new("Linked Agent", "custom.agent", 700, static draft =>
            draft.Link(Kind.Agent, draft.Dataset.AgentOfCustomer(
                draft.Dataset.Parent(Kind.Invoice, draft.Dataset.Parent(Kind.Payment, draft.Index, Kind.Invoice), Kind.Customer)))),
        new("Linked Customer", "custom.customer_profile", 750, static draft =>
            draft.Link(Kind.Customer, draft.Dataset.Parent(Kind.Invoice, draft.Dataset.Parent(Kind.Payment, draft.Index, Kind.Invoice), Kind.Customer))),
        new("Linked Invoice", "custom.invoice", 850, static draft => draft.Link(Kind.Invoice, draft.Dataset.Parent(Kind.Payment, draft.Index, Kind.Invoice))),
        new("Payment Method V2", "text", 550, static draft => draft.Text(Phrases.Methods)),
        new("Attachment", "list.file", 450, static draft => draft.Urls("slip.pdf"u8, 2)),
        new("Verified By", "text", 350, static draft => draft.Text(Phrases.Names)),
        new("Edit History", "text", 80, static draft => draft.Text(Phrases.Logs)),
        new("Issuer Bank", "text", 250, static draft => draft.Text(Phrases.Banks)),
        new("EPP Month", "number", 120, static draft => draft.Integer(6, 60)),
        new("Bank Charges", "number", 120, static draft => draft.Decimal(0, 50000, 2)),
        new("EPP Type", "text", 100, static draft => draft.Text(Phrases.Banks)),
        new("Terminal", "text", 100, static draft => draft.Text(Phrases.Banks)),
        new("Payment Index", "number", 200, static draft => draft.Integer(1, 9)),
        new("actual received", "number", 40, static draft => draft.Decimal(0, 3000000, 2)),
        new("Referrer", "text", 30, static draft => draft.Text(Phrases.Names)),
    ];
}
