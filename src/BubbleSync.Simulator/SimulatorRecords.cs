using System.Text;
using BubbleSync.Simulator.Storage;
using static System.FormattableString;

namespace BubbleSync.Simulator;

/// <summary>The records that the simulator serves; tests may change them at any time. Types by any spelling of their name.</summary>
public sealed class SimulatorRecords
{
    private readonly Library _library;

    internal SimulatorRecords(Library library) => _library = library;

    /// <summary>The types that there are, in lower case without spaces.</summary>
    public IReadOnlyList<string> Types => [.. _library.All.Select(store => store.Url)];

    /// <summary>
    /// Adds a record, or replaces the one with its <c>_id</c>. It is served byte for byte, without <c>_id</c> or with a malformed one too.
    /// A type or field that is new becomes known.
    /// </summary>
    /// <param name="type">The type.</param>
    /// <param name="rawJson">A JSON object.</param>
    public void Put(string type, string rawJson) => _library.FindOrAdd(type).Put(Encoding.UTF8.GetBytes(rawJson));

    /// <summary>Makes a field known, with its type, before any record has it.</summary>
    /// <param name="type">The type; a new one becomes known.</param>
    /// <param name="field">The field's name in the editor.</param>
    /// <param name="kind">What it holds, as <c>/meta</c> says it: <c>number</c>, <c>custom.order</c>, <c>list.user</c>.</param>
    public void Declare(string type, string field, string kind) => _library.FindOrAdd(type).Declare(field, kind);

    /// <summary>Adds a second record with an <c>_id</c> that is there already, as if Bubble held it twice.</summary>
    /// <param name="type">The type.</param>
    /// <param name="rawJson">A JSON object.</param>
    public void PutTwin(string type, string rawJson) => _library.FindOrAdd(type).PutTwin(Encoding.UTF8.GetBytes(rawJson));

    /// <summary>Deletes a record; false if there is none.</summary>
    /// <param name="type">The type.</param>
    /// <param name="id">Its id.</param>
    public bool Delete(string type, string id) => _library.Find(type)?.Delete(id) ?? false;

    /// <summary>The raw JSON of a record, or null.</summary>
    /// <param name="type">The type.</param>
    /// <param name="id">Its id.</param>
    public string? Get(string type, string id) => _library.Find(type) is { } store && store.Find(id) is { } place ? store.Json(place) : null;

    /// <summary>How many records there are.</summary>
    /// <param name="type">The type.</param>
    public long Count(string type) => _library.Find(type)?.Count ?? 0;

    /// <summary>The raw JSON of all records, by Created Date and id; one at a time, so that a million take no more memory than one.</summary>
    /// <param name="type">The type.</param>
    public IEnumerable<string> All(string type)
    {
        if (_library.Find(type) is not { } store)
            yield break;

        for (var rank = 0L; store.At(rank) is { } place; rank++)
            yield return store.Json(place);
    }

    /// <summary>The record with so many before it by Created Date and id, as raw JSON.</summary>
    /// <param name="type">The type.</param>
    /// <param name="rank">0 for the oldest.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are not so many.</exception>
    public string At(string type, long rank) => _library.Find(type) is { } store && store.At(rank) is { } place
        ? store.Json(place)
        : throw new ArgumentOutOfRangeException(nameof(rank), Invariant($"'{type}' has no record {rank}."));

    /// <summary>Deletes all records of a type.</summary>
    /// <param name="type">The type.</param>
    public void Clear(string type) => _library.Find(type)?.Clear();
}
