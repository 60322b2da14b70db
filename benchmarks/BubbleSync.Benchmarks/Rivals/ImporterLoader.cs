using Npgsql;
using NpgsqlTypes;

namespace BubbleSync.Benchmarks.Rivals;

/// <summary>Npgsql's importer into a temporary table, then one statement into the table.</summary>
internal sealed class ImporterLoader(NpgsqlConnection connection, bool isGuarded) : PlainLoader(connection)
{
    private static readonly string Compared = string.Join(", ", ItemSql.Columns.Where(c => c.Property != nameof(ItemRow.LastSyncedAt)).Select(c => c.Name));

    public static async Task<ILoader> OpenAsync(string connectionString) => new ImporterLoader(await ConnectAsync(connectionString), isGuarded: false);

    public static async Task<ILoader> OpenGuardedAsync(string connectionString) => new ImporterLoader(await ConnectAsync(connectionString), isGuarded: true);

    protected override async Task LoadAsync(IReadOnlyList<ItemRow> rows)
    {
        await ExecuteAsync($"create temporary table staged on commit drop as select {ItemSql.Names} from invoice_item with no data");
        await using (var importer = await Connection.BeginBinaryImportAsync($"copy staged ({ItemSql.Names}) from stdin (format binary)"))
        {
            foreach (var row in rows)
                await WriteAsync(importer, row);
            await importer.CompleteAsync();
        }

        await ExecuteAsync(ItemSql.Upsert($"select {ItemSql.Names} from staged") + (isGuarded ? Guard : ""));
    }

    private static string Guard =>
        $" where ({string.Join(", ", Compared.Split(", ").Select(c => $"invoice_item.{c}"))}) is distinct from "
        + $"({string.Join(", ", Compared.Split(", ").Select(c => $"excluded.{c}"))})";

    private static async Task WriteAsync(NpgsqlBinaryImporter importer, ItemRow row)
    {
        await importer.StartRowAsync();
        await importer.WriteAsync(row.BubbleId, NpgsqlDbType.Text);
        await WriteAsync(importer, row.Description);
        await WriteAsync(importer, row.Qty);
        await WriteAsync(importer, row.Amount);
        await WriteAsync(importer, row.UnitPrice);
        await WriteAsync(importer, row.CreatedBy);
        await importer.WriteAsync(row.CreatedDate, NpgsqlDbType.TimestampTz);
        await importer.WriteAsync(row.ModifiedDate, NpgsqlDbType.TimestampTz);
        await (row.IsAPackage is { } isPackage ? importer.WriteAsync(isPackage, NpgsqlDbType.Boolean) : importer.WriteNullAsync());
        await WriteAsync(importer, row.LinkedInvoice);
        await WriteAsync(importer, row.LinkedPackage);
        await WriteAsync(importer, row.Epp);
        await WriteAsync(importer, row.Sort);
        await WriteAsync(importer, row.LinkedVoucher);
        await WriteAsync(importer, row.VoucherRemark);
        await WriteAsync(importer, row.InvItemType);
        await importer.WriteAsync(row.CreatedAt, NpgsqlDbType.TimestampTz);
        await importer.WriteAsync(row.UpdatedAt, NpgsqlDbType.TimestampTz);
        await importer.WriteAsync(row.LastSyncedAt, NpgsqlDbType.TimestampTz);
    }

    private static Task WriteAsync(NpgsqlBinaryImporter importer, string? text) =>
        text is null ? importer.WriteNullAsync() : importer.WriteAsync(text, NpgsqlDbType.Text);

    private static Task WriteAsync(NpgsqlBinaryImporter importer, decimal? number) =>
        number is { } value ? importer.WriteAsync(value, NpgsqlDbType.Numeric) : importer.WriteNullAsync();

    private async Task ExecuteAsync(string sql)
    {
        await using var command = new NpgsqlCommand(sql, Connection);
        await command.ExecuteNonQueryAsync();
    }
}
