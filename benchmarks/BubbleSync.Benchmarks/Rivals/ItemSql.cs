namespace BubbleSync.Benchmarks.Rivals;

/// <summary>The statements that a plain loader of invoice items writes.</summary>
internal static class ItemSql
{
    /// <summary>The columns of the table with the property of <see cref="ItemRow"/> that fills each, and its type.</summary>
    public static readonly IReadOnlyList<(string Name, string Property, string Type)> Columns =
    [
        ("bubble_id", nameof(ItemRow.BubbleId), "text"),
        ("description", nameof(ItemRow.Description), "text"),
        ("qty", nameof(ItemRow.Qty), "numeric"),
        ("amount", nameof(ItemRow.Amount), "numeric"),
        ("unit_price", nameof(ItemRow.UnitPrice), "numeric"),
        ("created_by", nameof(ItemRow.CreatedBy), "text"),
        ("created_date", nameof(ItemRow.CreatedDate), "timestamptz"),
        ("modified_date", nameof(ItemRow.ModifiedDate), "timestamptz"),
        ("is_a_package", nameof(ItemRow.IsAPackage), "boolean"),
        ("linked_invoice", nameof(ItemRow.LinkedInvoice), "text"),
        ("linked_package", nameof(ItemRow.LinkedPackage), "text"),
        ("epp", nameof(ItemRow.Epp), "numeric"),
        ("sort", nameof(ItemRow.Sort), "numeric"),
        ("linked_voucher", nameof(ItemRow.LinkedVoucher), "text"),
        ("voucher_remark", nameof(ItemRow.VoucherRemark), "text"),
        ("inv_item_type", nameof(ItemRow.InvItemType), "text"),
        ("created_at", nameof(ItemRow.CreatedAt), "timestamptz"),
        ("updated_at", nameof(ItemRow.UpdatedAt), "timestamptz"),
        ("last_synced_at", nameof(ItemRow.LastSyncedAt), "timestamptz"),
    ];

    /// <summary>All columns, separated by commas.</summary>
    public static string Names { get; } = string.Join(", ", Columns.Select(c => c.Name));

    /// <summary>Inserts rows, or overwrites those that are there.</summary>
    /// <param name="source">Where the rows come from: <c>values (…)</c> or a query.</param>
    public static string Upsert(string source) =>
        $"""
        insert into invoice_item ({Names}) {source}
        on conflict (bubble_id) do update set {string.Join(", ", Columns.Skip(1).Select(c => $"{c.Name} = excluded.{c.Name}"))}
        """;
}
