using System.Globalization;
using System.Text.Json;
using BubbleSync.Etl.Mapping;
using Npgsql;
using NpgsqlTypes;

namespace BubbleSync.Benchmarks;

/// <summary>Staging the plain way: a .NET object for each value, by Npgsql's importer or by a batch of inserts.</summary>
internal sealed class PlainStaging(StagingDatabase database)
{
    private readonly List<(string Quoted, string Type)> _columns = [.. new StagingLayout(database.Plan).Columns()];

    public async Task ImportAsync(byte[] body)
    {
        await using var importer = await database.Connection.BeginBinaryImportAsync(database.Staging.Copy);
        foreach (var row in Rows(body))
        {
            await importer.StartRowAsync();
            for (var column = 0; column < row.Length; column++)
            {
                if (row[column] is { } value)
                    await importer.WriteAsync(value, Type(_columns[column].Type));
                else
                    await importer.WriteNullAsync();
            }
        }

        await importer.CompleteAsync();
    }

    public async Task InsertAsync(byte[] body)
    {
        var sql = $"insert into {database.Staging.Name} ({database.Staging.Columns("")}) values ({string.Join(", ", _columns.Select((_, i) => $"${i + 1}"))})";
        await using var batch = new NpgsqlBatch(database.Connection);
        foreach (var row in Rows(body))
        {
            var command = new NpgsqlBatchCommand(sql);
            for (var column = 0; column < row.Length; column++)
                command.Parameters.Add(new NpgsqlParameter { Value = row[column] ?? DBNull.Value, NpgsqlDbType = Type(_columns[column].Type) });
            batch.BatchCommands.Add(command);
        }

        await batch.ExecuteNonQueryAsync();
    }

    private IEnumerable<object?[]> Rows(byte[] body)
    {
        using var document = JsonDocument.Parse(body);
        foreach (var record in document.RootElement.GetProperty("response").GetProperty("results").EnumerateArray())
        {
            var own = new object?[] { Value(record, BubbleField.Created, "timestamptz"), false, 1L };
            yield return [.. database.Plan.Columns.Select(
                c => Value(record, c.Field, c.StagingType)), .. Enumerable.Repeat<object?>(0L, StagingLayout.NullWords(database.Plan.Columns.Count)), .. own];
        }
    }

    private static object? Value(JsonElement record, string field, string type) => !record.TryGetProperty(field, out var value) ? null : type switch
    {
        "numeric" => decimal.Parse(value.ToString(), CultureInfo.InvariantCulture),
        "smallint" => value.GetInt16(),
        "integer" => value.GetInt32(),
        "bigint" => value.GetInt64(),
        "boolean" => value.GetBoolean(),
        "timestamptz" => DateTime.Parse(value.GetString()!, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal),
        "text[]" => value.EnumerateArray().Select(i => i.ToString()).ToArray(),
        _ => value.ToString(),
    };

    private static NpgsqlDbType Type(string type) => type switch
    {
        "numeric" => NpgsqlDbType.Numeric,
        "smallint" => NpgsqlDbType.Smallint,
        "integer" => NpgsqlDbType.Integer,
        "bigint" => NpgsqlDbType.Bigint,
        "boolean" => NpgsqlDbType.Boolean,
        "timestamptz" => NpgsqlDbType.TimestampTz,
        "text[]" => NpgsqlDbType.Array | NpgsqlDbType.Text,
        _ => NpgsqlDbType.Text,
    };
}
