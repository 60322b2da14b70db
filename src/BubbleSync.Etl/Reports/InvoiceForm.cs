namespace BubbleSync.Etl.Reports;

/// <summary>Gives the outcome of a record the form of <c>sync invoice</c>, whose names are older than those of the entities.</summary>
internal static class InvoiceForm
{
    private static readonly Dictionary<string, InvoiceAction> Actions = new()
    {
        ["agent"] = InvoiceAction.Agent,
        ["customer"] = InvoiceAction.Customer,
        ["user"] = InvoiceAction.User,
        ["invoice"] = InvoiceAction.Invoice,
        ["payment"] = InvoiceAction.Payments,
        ["submitted_payment"] = InvoiceAction.SubmittedPayments,
        ["invoice_item"] = InvoiceAction.InvoiceItems,
        ["seda_registration"] = InvoiceAction.Seda,
        [RecordStep.Skip] = InvoiceAction.Skip,
    };

    /// <summary>Returns the outcome; steps of other entities have no name in this form and are left out.</summary>
    public static InvoiceResult Of(RecordResult result) => new(
        result.Success, result.BubbleId,
        [.. result.Steps.Where(s => Actions.ContainsKey(s.Step)).Select(s => new SyncStep(Actions[s.Step], s.Success, s.Error, s.Outcome))
            .OrderBy(s => s.Action)],
        result.Errors, Stats(result.Stats));

    private static InvoiceStats Stats(IReadOnlyDictionary<string, int> stats) => new()
    {
        Agent = stats.GetValueOrDefault("agent"),
        Customer = stats.GetValueOrDefault("customer"),
        User = stats.GetValueOrDefault("user"),
        Payments = stats.GetValueOrDefault("payment"),
        SubmittedPayments = stats.GetValueOrDefault("submitted_payment"),
        InvoiceItems = stats.GetValueOrDefault("invoice_item"),
        Seda = stats.GetValueOrDefault("seda_registration"),
        Invoice = stats.GetValueOrDefault("invoice"),
    };
}
