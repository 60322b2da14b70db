using System.Text.Json.Serialization;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Reports;

/// <summary>What a step of an invoice's sync is about; all but the last are the names in <see cref="InvoiceStats"/>, in merge order.</summary>
[JsonConverter(typeof(WordConverter<InvoiceAction>))]
public enum InvoiceAction
{
    /// <summary>Its agent.</summary>
    Agent,

    /// <summary>Its customer.</summary>
    Customer,

    /// <summary>Its creator and its agent's login.</summary>
    User,

    /// <summary>The invoice itself.</summary>
    Invoice,

    /// <summary>Its payments.</summary>
    Payments,

    /// <summary>Its submitted payments.</summary>
    [JsonStringEnumMemberName("submitted_payments")]
    SubmittedPayments,

    /// <summary>Its items.</summary>
    [JsonStringEnumMemberName("invoice_items")]
    InvoiceItems,

    /// <summary>Its SEDA registrations.</summary>
    Seda,

    /// <summary>Nothing was to write.</summary>
    Skip,
}

/// <summary>The outcome of a forced step.</summary>
[JsonConverter(typeof(WordConverter<StepOutcome>))]
public enum StepOutcome
{
    /// <summary>Nothing differed.</summary>
    Unchanged,
}
