namespace BubbleSync.Simulator.Generation;

/// <summary>What a submitted payment carries besides its id, its dates and its author.</summary>
internal static class SubmissionFields
{
    public static Field[] All { get; } =
    [
        new("Amount", "number", 980, static draft => draft.Decimal(5000, 3000000, 2)),
        new("PAYMENT DATE", "date", 850, static draft => draft.Date(15)),
        new("Issuer Bank", "text", 300, static draft => draft.Text(Phrases.Banks)),
        new("Payment Method V2", "text", 700, static draft => draft.Text(Phrases.Methods)),
        new("Terminal", "text", 150, static draft => draft.Text(Phrases.Banks)),
        new("Attachment", "list.file", 850, static draft => draft.Urls("slip.jpg"u8, 2)),
        new("Linked Agent", "custom.agent", 750, static draft =>
            draft.Link(Kind.Agent, draft.Dataset.AgentOfCustomer(
                draft.Dataset.Parent(Kind.Invoice, draft.Dataset.Parent(Kind.Submission, draft.Index, Kind.Invoice), Kind.Customer)))),
        new("Linked Customer", "custom.customer_profile", 750, static draft =>
            draft.Link(Kind.Customer, draft.Dataset.Parent(Kind.Invoice, draft.Dataset.Parent(Kind.Submission, draft.Index, Kind.Invoice), Kind.Customer))),
        new("Linked Invoice", "custom.invoice", 900, static draft =>
            draft.Link(Kind.Invoice, draft.Dataset.Parent(Kind.Submission, draft.Index, Kind.Invoice))),
        new("Payment Method", "text", 100, static draft => draft.Text(Phrases.Methods)),
        new("Remark", "text", 250, static draft => draft.Text(Phrases.Remarks)),
        new("Payment Index", "number", 120, static draft => draft.Integer(1, 9)),
        new("Verified By", "text", 60, static draft => draft.Text(Phrases.Names)),
        new("Edit History", "text", 60, static draft => draft.Text(Phrases.Logs)),
        new("EPP Month", "number", 120, static draft => draft.Integer(6, 60)),
        new("Bank Charges", "number", 120, static draft => draft.Decimal(0, 50000, 2)),
        new("EPP Type", "text", 100, static draft => draft.Text(Phrases.Banks)),
        new("Status", "text", 250, static draft => draft.Text(Phrases.Approvals)),
        new("Linked Installment", "custom.installment", 60, static draft => draft.LinkToNothing()),
    ];
}
