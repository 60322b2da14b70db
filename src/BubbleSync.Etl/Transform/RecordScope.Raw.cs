using System.Runtime.InteropServices;
using System.Text;

namespace BubbleSync.Etl.Transform;

/// <content>The record as it is kept where it is rejected.</content>
internal sealed partial class RecordScope
{
    /// <summary>Replaces the values of masked fields; null where the map masks nothing.</summary>
    public MaskedRecords? Masking { get; init; }

    private string Raw() => Masking?.Text(_record) ?? Encoding.UTF8.GetString(JsonMarshal.GetRawUtf8Value(_record));
}
