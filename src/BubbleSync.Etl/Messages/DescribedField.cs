namespace BubbleSync.Etl.Messages;

/// <summary>A field of a Bubble type, as the app describes it.</summary>
/// <param name="Name">Its name in the editor, under which records carry it in most apps.</param>
/// <param name="Id">Its name in the database, under which records carry it in the others; the same where the app gives only one.</param>
/// <param name="Type">What it holds, in the words of <c>/meta</c>: <c>text</c>, <c>number</c>, <c>list.custom.order</c>.</param>
internal sealed record DescribedField(string Name, string Id, string Type)
{
    /// <summary>Whether another field of the type has the same name: then only the id means this field.</summary>
    public bool IsNameShared { get; init; }

    /// <summary>The names that mean this field and no other, each once.</summary>
    public IReadOnlyList<string> Names => Name == Id || IsNameShared ? [Id] : [Name, Id];
}
