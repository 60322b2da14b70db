using System.Text.Json.Serialization;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Settings;

/// <summary>The result of auditing one value: Bubble's value compared with the stored one.</summary>
[JsonConverter(typeof(WordConverter<ValueVerdict>))]
public enum ValueVerdict
{
    /// <summary>The column holds what the field becomes.</summary>
    Same,

    /// <summary>The column holds another value.</summary>
    Differs,

    /// <summary>The record does not carry the field, and the column keeps its value.</summary>
    AbsentKept,

    /// <summary>The value does not convert.</summary>
    Rejected,

    /// <summary>The table has no row of the record.</summary>
    RowMissing,
}
