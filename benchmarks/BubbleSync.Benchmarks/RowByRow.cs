using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using BubbleSync.Etl.Mapping;
using Npgsql;

namespace BubbleSync.Benchmarks;

/// <summary>
/// The plain way to sync invoices: for each its record, then every record that it names, each by a request and an insert of its own, one after another.
/// </summary>
internal sealed class RowByRow : IDisposable
{
    private readonly IReadOnlyDictionary<string, EntityMap> _maps;
    private readonly NpgsqlDataSource _database;
    private readonly HttpClient _http;

    public RowByRow(IReadOnlyList<EntityMap> maps, NpgsqlDataSource database, Uri api, string token)
    {
        (_maps, _database) = (maps.ToDictionary(m => m.Name), database);
        _http = new HttpClient { BaseAddress = api };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    /// <summary>Requests sent.</summary>
    public long Calls { get; private set; }

    /// <summary>Syncs these invoices with their relations, and their agents' logins.</summary>
    public async Task SyncAsync(IEnumerable<string> ids)
    {
        foreach (var id in ids)
            await SyncAsync(id, ["invoice"], _ => true);
    }

    public void Dispose() => _http.Dispose();

    // What the first entity does not have is asked of the next: a payment that is not verified yet.
    private async Task SyncAsync(string id, IReadOnlyList<string> entities, Func<FieldMap, bool> goesOn)
    {
        foreach (var map in entities.Select(e => _maps[e]))
        {
            using var answer = await GetAsync(map, id);
            if (answer is null)
                continue;

            var record = answer.RootElement.GetProperty("response");
            await WriteAsync(map, record);
            foreach (var field in map.Fields.Where(f => f.Relation.Count > 0 && goesOn(f)))
            {
                foreach (var related in Ids(record, field))
                    await SyncAsync(related, field.Relation, f => f.Follow);
            }

            return;
        }
    }

    private async Task<JsonDocument?> GetAsync(EntityMap map, string id)
    {
        Calls++;
        using var answer = await _http.GetAsync(new Uri($"obj/{map.BubbleType.ToLowerInvariant()}/{id}", UriKind.Relative));
        if (answer.StatusCode == HttpStatusCode.NotFound)
            return null;

        answer.EnsureSuccessStatusCode();
        return JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync());
    }

    private async Task WriteAsync(EntityMap map, JsonElement record)
    {
        var values = map.Fields.Select(f => (f.Column, Value: Find(record, f) is { } found ? Convert(found, f.Type) : null))
            .Where(v => v.Value is not null).ToList();
        values.Add(("created_at", record.GetProperty("Created Date").GetDateTimeOffset()));
        values.Add(("updated_at", record.GetProperty("Modified Date").GetDateTimeOffset()));
        values.Add(("last_synced_at", TimeProvider.System.GetUtcNow()));
        var columns = values.Select(v => $"\"{v.Column}\"").ToList();

        await using var insert = _database.CreateCommand(
            $"""
             insert into "{map.Table}" ({string.Join(", ", columns)}) values ({string.Join(", ", columns.Select((_, i) => $"${i + 1}"))})
             on conflict ("{map.Key}") do update set {string.Join(", ", columns.Select(c => $"{c} = excluded.{c}"))}
             """);
        foreach (var (_, value) in values)
            insert.Parameters.AddWithValue(value!);
        await insert.ExecuteNonQueryAsync();
    }

    private static IEnumerable<string> Ids(JsonElement record, FieldMap field) => Find(record, field) switch
    {
        { ValueKind: JsonValueKind.Array } list => list.EnumerateArray().Select(i => i.GetString()!),
        { ValueKind: JsonValueKind.String } one => [one.GetString()!],
        _ => [],
    };

    private static JsonElement? Find(JsonElement record, FieldMap field)
    {
        foreach (var name in field.From.Concat(field.Fallback))
        {
            if (record.TryGetProperty(name, out var value) && field.Path.All(step => value.TryGetProperty(step, out value)))
                return value;
        }

        return null;
    }

    private static object? Convert(JsonElement value, string type) => type switch
    {
        "integer" => value.GetInt32(),
        "numeric" => value.GetDecimal(),
        "boolean" => value.GetBoolean(),
        "timestamptz" => value.GetDateTimeOffset(),
        "text[]" => value.EnumerateArray().Select(i => i.ToString()).ToArray(),
        "url[]" => value.EnumerateArray().Select(i => Address(i.ToString())).OfType<string>().ToArray(),
        "url" => Address(value.ToString()),
        _ => value.ToString(),
    };

    // A bare // is no address.
    private static string? Address(string text) => text == "//" ? null : text.StartsWith("//", StringComparison.Ordinal) ? $"https:{text}" : text;
}
