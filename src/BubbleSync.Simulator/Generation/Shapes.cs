namespace BubbleSync.Simulator.Generation;

/// <summary>The types that are generated, in the order of <see cref="Kind"/>.</summary>
internal static class Shapes
{
    public static IReadOnlyList<Shape> Generated { get; } =
    [
        new(Kind.Agent, "agent", AgentFields.All),
        new(Kind.Customer, "Customer_Profile", CustomerFields.All),
        new(Kind.User, "user", UserFields.All),
        new(Kind.Invoice, "invoice", InvoiceFields.All),
        new(Kind.Payment, "payment", PaymentFields.All),
        new(Kind.Submission, "submit_payment", SubmissionFields.All),
        new(Kind.Item, "invoice_item", ItemFields.All),
        new(Kind.Registration, "seda_registration", RegistrationFields.All),
    ];
}
