namespace BubbleSync.Etl.Schema.Scaffold;

/// <summary>A Bubble type as found: what the app says of it, and what its records show beyond that.</summary>
/// <param name="Name">Its name in addresses.</param>
/// <param name="Display">Its name in the editor.</param>
/// <param name="Fields">Its fields; those that every type has come first.</param>
/// <param name="IsTold">Whether the app itself named the fields, so that there are no others.</param>
internal sealed record SurveyedType(string Name, string Display, IReadOnlyList<SurveyedField> Fields, bool IsTold)
{
    /// <summary>The names that several fields have in the editor, where records do not show that they carry ids; mostly none.</summary>
    public IReadOnlyList<SharedName> SharedNames { get; init; } = [];

    /// <summary>Whether records have a field without a name, which no map can read.</summary>
    public bool HasNameless { get; init; }
}

/// <summary>A name that several fields have in the editor.</summary>
/// <param name="Name">The name.</param>
/// <param name="Ids">The fields' ids, which distinguish them.</param>
internal sealed record SharedName(string Name, IReadOnlyList<string> Ids)
{
    /// <summary>The message, with what to do.</summary>
    public string Message =>
        $"{Ids.Count} fields ({string.Join(", ", Ids)}) have the name '{Name}' in the Bubble editor, so that each is proposed by its id. "
        + $"Where records carry display names, only one value comes under '{Name}', and nothing shows which field it belongs to. "
        + "Give each field a name of its own in the editor.";
}

/// <summary>A field as found.</summary>
/// <param name="Names">Its name, then its other names.</param>
/// <param name="Type">What it holds, in the words of <c>/meta</c>.</param>
/// <param name="Sent">Of its names, those that the sampled records use.</param>
internal sealed record SurveyedField(IReadOnlyList<string> Names, string Type, IReadOnlyList<string> Sent)
{
    /// <summary>The name that reports use.</summary>
    public string Name => Names[0];

    /// <summary>The names under which it must be looked for: those that records carry; all of them where no record has it.</summary>
    public IReadOnlyList<string> Effective => Sent.Count > 0 ? Sent : Names;
}
