using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using BubbleSync.Simulator.Generation;
using BubbleSync.Simulator.Storage;

namespace BubbleSync.Simulator.Serving;

/// <summary>Makes and changes records as Bubble does: it gives ids and dates, and leaves empty fields out.</summary>
internal sealed class RecordEditor(int seed, TimeProvider time)
{
    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly ulong _key = Mix.Key(seed, "new records");
    private long _made;

    /// <summary>Adds a record and gives its id.</summary>
    public string Create(TypeStore store, JsonObject fields)
    {
        Check(store, fields);
        var now = time.GetUtcNow();
        var suffix = RecordId.AnySuffix(Mix.Of(_key, Interlocked.Increment(ref _made)));
        var id = new RecordId(now.ToUnixTimeMilliseconds(), suffix).ToString();
        var record = new JsonObject { ["Modified Date"] = Moment(now), ["Created Date"] = Moment(now), ["Created By"] = "admin_user_simulator_test" };
        Set(record, fields);
        record["_id"] = id;
        Put(store, record);
        return id;
    }

    /// <summary>Changes the fields given and no others; false if there is no such record.</summary>
    public bool Patch(TypeStore store, string id, JsonObject fields) => Change(store, id, fields, (_, _) => true);

    /// <summary>Changes the fields given and empties the others; false if there is no such record.</summary>
    public bool Replace(TypeStore store, string id, JsonObject fields) => Change(store, id, fields, (book, key) => book.Find(key)?.IsBuiltIn ?? false);

    private bool Change(TypeStore store, string id, JsonObject fields, Func<FieldBook, string, bool> stays)
    {
        if (store.Find(id) is not { } place)
            return false;

        Check(store, fields);
        var record = JsonNode.Parse(store.Json(place))!.AsObject();
        foreach (var key in record.Select(pair => pair.Key).Where(key => !stays(store.Fields, key)).ToList())
            record.Remove(key);
        Set(record, fields);
        record["Modified Date"] = Moment(time.GetUtcNow());
        Put(store, record);
        return true;
    }

    private static void Check(TypeStore store, JsonObject fields)
    {
        foreach (var (key, _) in fields)
        {
            if (store.Fields.FindKey(key) is not { IsBuiltIn: false })
                throw Refusal.UnknownField(key);
        }
    }

    private static void Set(JsonObject record, JsonObject fields)
    {
        foreach (var (key, value) in fields)
        {
            if (value is null or JsonArray { Count: 0 } || (value is JsonValue text && text.TryGetValue<string>(out var letters) && letters.Length == 0))
                record.Remove(key);
            else
                record[key] = value.DeepClone();
        }
    }

    private static void Put(TypeStore store, JsonObject record) => store.Put(Encoding.UTF8.GetBytes(record.ToJsonString(Relaxed)));

    private static string Moment(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
}
