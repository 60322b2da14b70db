using System.Runtime.CompilerServices;

namespace BubbleSync.Simulator.Generation;

/// <summary>Hot: the record that is being written: which one it is, its own stream of dice, and the output it goes to.</summary>
internal sealed class Draft(Dataset dataset, Utf8Output output, bool idKeys, int longestList)
{
    private ulong _dice;

    public Dataset Dataset { get; } = dataset;

    public Utf8Output Output { get; } = output;

    public int LongestList { get; } = longestList;

    public Kind Kind { get; private set; }

    public long Index { get; private set; }

    public long Created { get; private set; }

    public long Modified { get; private set; }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Write(Shape shape, long index)
    {
        var timeline = Dataset[shape.Kind];
        (Kind, Index, Created, Modified) = (shape.Kind, index, timeline.Created(index), timeline.Modified(index));
        _dice = Mix.Of(Mix.Of((ulong)Dataset.Seed, (long)shape.Kind), index);

        Output.Raw("{\"Modified Date\":\""u8);
        Output.Moment(Modified);
        Output.Raw("\",\"Created Date\":\""u8);
        Output.Moment(Created);
        Output.Raw("\",\"Created By\":"u8);
        this.Author();
        WriteFields(shape.Fields, timeline.Count);
        Output.Raw(",\"_id\":"u8);
        this.Id(timeline.Id(index));
        Output.Raw((byte)'}');
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public ulong Next() => Mix.Of(_dice += Mix.Step);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int Below(int limit) => (int)(((Next() >> 32) * (ulong)limit) >> 32);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void WriteFields(Field[] fields, long records)
    {
        var presence = 0UL;
        for (var at = 0; at < fields.Length; at++)
        {
            // Ten bits a field are dice enough.
            presence = at % 6 == 0 ? Next() : presence >> 10;
            if ((presence & 1023) * 1000 < (ulong)fields[at].PerMille * 1024 || IsOwed(at, fields.Length, records))
                WriteField(fields[at]);
        }
    }

    // One record of each type carries the field in any case, so that no field is missing from small data.
    private bool IsOwed(int field, int fields, long records) => Index < fields && field % records == Index;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void WriteField(Field field)
    {
        var before = Output.Length;
        Output.Raw((byte)',');
        Output.Raw(idKeys ? field.IdKey : field.NameKey);
        if (!field.Write(this))
            Output.Cut(before);
    }
}
