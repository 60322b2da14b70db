namespace BubbleSync.Etl.Scaffold;

/// <summary>A Bubble type as found: what the app says of it, and what its records show beyond that.</summary>
/// <param name="Name">Its name in addresses.</param>
/// <param name="Display">Its name in the editor.</param>
/// <param name="Fields">Its fields; those that every type has come first.</param>
/// <param name="IsTold">Whether the app itself named the fields, so that there are no others.</param>
internal sealed record SurveyedType(string Name, string Display, IReadOnlyList<SurveyedField> Fields, bool IsTold);

/// <summary>A field as found.</summary>
/// <param name="Names">Its name, then its other names.</param>
/// <param name="Type">What it holds, in the words of <c>/meta</c>.</param>
/// <param name="Sent">Of its names, those under which the records that were looked at carry it.</param>
internal sealed record SurveyedField(IReadOnlyList<string> Names, string Type, IReadOnlyList<string> Sent)
{
    /// <summary>The name that reports use.</summary>
    public string Name => Names[0];

    /// <summary>The names under which it must be looked for: those that records carry; all of them where no record has it.</summary>
    public IReadOnlyList<string> Effective => Sent.Count > 0 ? Sent : Names;
}
