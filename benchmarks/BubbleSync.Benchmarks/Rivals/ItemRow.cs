using System.Globalization;
using System.Text.Json;

namespace BubbleSync.Benchmarks.Rivals;

/// <summary>An invoice item as the rivals hold it: an object with a property for each column.</summary>
internal sealed record ItemRow
{
    public required string BubbleId { get; init; }

    public string? Description { get; init; }

    public decimal? Qty { get; init; }

    public decimal? Amount { get; init; }

    public decimal? UnitPrice { get; init; }

    public string? CreatedBy { get; init; }

    public required DateTime CreatedDate { get; init; }

    public required DateTime ModifiedDate { get; init; }

    public bool? IsAPackage { get; init; }

    public string? LinkedInvoice { get; init; }

    public string? LinkedPackage { get; init; }

    public decimal? Epp { get; init; }

    public decimal? Sort { get; init; }

    public string? LinkedVoucher { get; init; }

    public string? VoucherRemark { get; init; }

    public string? InvItemType { get; init; }

    public required DateTime CreatedAt { get; init; }

    public required DateTime UpdatedAt { get; init; }

    public required DateTime LastSyncedAt { get; init; }

    /// <summary>Makes it of a record as Bubble sends it.</summary>
    public static ItemRow Of(string record, DateTime now)
    {
        using var document = JsonDocument.Parse(record);
        var fields = document.RootElement;
        var (created, modified) = (Time(fields, "Created Date"), Time(fields, "Modified Date"));
        return new()
        {
            BubbleId = Text(fields, "_id")!,
            Description = Text(fields, "DESCRIPTION", "Description"),
            Qty = Number(fields, "QTY", "Qty"),
            Amount = Number(fields, "AMOUNT", "Amount"),
            UnitPrice = Number(fields, "UNIT PRICE", "Unit Price"),
            CreatedBy = Text(fields, "Created By", "Creator"),
            CreatedDate = created,
            ModifiedDate = modified,
            IsAPackage = Find(fields, "is a Package?", "Is a Package", "Is A Package")?.GetBoolean(),
            LinkedInvoice = Text(fields, "Linked Invoice", "Invoice"),
            LinkedPackage = Text(fields, "Linked Package", "Package"),
            Epp = Number(fields, "EPP"),
            Sort = Number(fields, "Sort"),
            LinkedVoucher = Text(fields, "Linked Voucher", "Voucher"),
            VoucherRemark = Text(fields, "Voucher Remark"),
            InvItemType = Text(fields, "Inv Item Type", "Item Type"),
            CreatedAt = created,
            UpdatedAt = modified,
            LastSyncedAt = now,
        };
    }

    private static string? Text(JsonElement fields, params string[] names) => Find(fields, names)?.ToString();

    // Of the literal, so that its decimals are kept.
    private static decimal? Number(JsonElement fields, params string[] names) =>
        Find(fields, names) is { } value ? decimal.Parse(value.ToString(), NumberStyles.Float, CultureInfo.InvariantCulture) : null;

    private static DateTime Time(JsonElement fields, string name) => fields.GetProperty(name).GetDateTimeOffset().UtcDateTime;

    private static JsonElement? Find(JsonElement fields, params string[] names)
    {
        foreach (var name in names)
        {
            if (fields.TryGetProperty(name, out var value))
                return value;
        }

        return null;
    }
}
