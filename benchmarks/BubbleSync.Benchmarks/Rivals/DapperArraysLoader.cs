using Dapper;
using Npgsql;

namespace BubbleSync.Benchmarks.Rivals;

/// <summary>Dapper with an array for each column, so that one statement writes many rows.</summary>
internal sealed class DapperArraysLoader(NpgsqlConnection connection) : PlainLoader(connection)
{
    private const int RowsAtOnce = 10_000;

    private static readonly string Upsert =
        ItemSql.Upsert($"select * from unnest({string.Join(", ", ItemSql.Columns.Select(c => $"@{c.Property}::{c.Type}[]"))})");

    public static async Task<ILoader> OpenAsync(string connectionString) => new DapperArraysLoader(await ConnectAsync(connectionString));

    protected override async Task LoadAsync(IReadOnlyList<ItemRow> rows)
    {
        foreach (var part in rows.Chunk(RowsAtOnce))
            await Connection.ExecuteAsync(Upsert, Arrays(part));
    }

    private static object Arrays(ItemRow[] rows) => new
    {
        BubbleId = Array.ConvertAll(rows, r => r.BubbleId),
        Description = Array.ConvertAll(rows, r => r.Description),
        Qty = Array.ConvertAll(rows, r => r.Qty),
        Amount = Array.ConvertAll(rows, r => r.Amount),
        UnitPrice = Array.ConvertAll(rows, r => r.UnitPrice),
        CreatedBy = Array.ConvertAll(rows, r => r.CreatedBy),
        CreatedDate = Array.ConvertAll(rows, r => r.CreatedDate),
        ModifiedDate = Array.ConvertAll(rows, r => r.ModifiedDate),
        IsAPackage = Array.ConvertAll(rows, r => r.IsAPackage),
        LinkedInvoice = Array.ConvertAll(rows, r => r.LinkedInvoice),
        LinkedPackage = Array.ConvertAll(rows, r => r.LinkedPackage),
        Epp = Array.ConvertAll(rows, r => r.Epp),
        Sort = Array.ConvertAll(rows, r => r.Sort),
        LinkedVoucher = Array.ConvertAll(rows, r => r.LinkedVoucher),
        VoucherRemark = Array.ConvertAll(rows, r => r.VoucherRemark),
        InvItemType = Array.ConvertAll(rows, r => r.InvItemType),
        CreatedAt = Array.ConvertAll(rows, r => r.CreatedAt),
        UpdatedAt = Array.ConvertAll(rows, r => r.UpdatedAt),
        LastSyncedAt = Array.ConvertAll(rows, r => r.LastSyncedAt),
    };
}
