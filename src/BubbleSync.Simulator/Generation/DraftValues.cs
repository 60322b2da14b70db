using System.Runtime.CompilerServices;

namespace BubbleSync.Simulator.Generation;

/// <summary>Hot: the kinds of value a field can be given. Each writes one JSON value and says whether there was one.</summary>
internal static class DraftValues
{
    private const long Day = 86_400_000;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Text(this Draft draft, byte[][] phrases)
    {
        draft.Output.Raw(phrases[draft.Below(phrases.Length)]);
        return true;
    }

    /// <summary>A text of a fixed beginning and a number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Code(this Draft draft, ReadOnlySpan<byte> prefix, long number, int digits)
    {
        draft.Output.Raw((byte)'"');
        draft.Output.Raw(prefix);
        draft.Output.Digits(number, digits);
        draft.Output.Raw((byte)'"');
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Integer(this Draft draft, long least, long most) => draft.Exactly(least + draft.Below((int)(most - least + 1)));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Exactly(this Draft draft, long number)
    {
        draft.Output.Number(number);
        return true;
    }

    /// <summary>A number between the two, given in units of 10^-digits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Decimal(this Draft draft, long least, long most, int digits)
    {
        draft.Output.Decimal(least + Mix.Below(draft.Next(), most - least + 1), digits);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool YesNo(this Draft draft)
    {
        draft.Output.Raw((draft.Next() & 1) == 0 ? "true"u8 : "false"u8);
        return true;
    }

    /// <summary>A moment up to so many days after creation; half of them at midnight, as date pickers give.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Date(this Draft draft, int days)
    {
        var moment = draft.Created + Mix.Below(draft.Next(), days * Day);
        draft.Output.Raw((byte)'"');
        draft.Output.Moment((moment & 1) == 0 ? moment : moment / Day * Day);
        draft.Output.Raw((byte)'"');
        return true;
    }

    /// <summary>Protocol-relative, or now and then a bare <c>//</c>, which stands for no file.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Url(this Draft draft, ReadOnlySpan<byte> file)
    {
        if (draft.Below(25) == 0)
        {
            draft.Output.Raw("\"//\""u8);
            return true;
        }

        draft.Output.Raw("\"//s3.amazonaws.com/appforest_uf/f"u8);
        draft.Output.Number(draft.Created);
        draft.Output.Raw((byte)'x');
        draft.Output.Digits((long)(draft.Next() >> 12), 16);
        draft.Output.Raw((byte)'/');
        draft.Output.Raw(file);
        draft.Output.Raw((byte)'"');
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Urls(this Draft draft, ReadOnlySpan<byte> file, int most)
    {
        var count = 1 + draft.Below(most);
        draft.Output.Raw((byte)'[');
        for (var i = 0; i < count; i++)
        {
            if (i > 0)
                draft.Output.Raw((byte)',');
            draft.Url(file);
        }

        draft.Output.Raw((byte)']');
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Texts(this Draft draft, byte[][] phrases, int most)
    {
        var count = 1 + draft.Below(most);
        draft.Output.Raw((byte)'[');
        for (var i = 0; i < count; i++)
        {
            if (i > 0)
                draft.Output.Raw((byte)',');
            draft.Text(phrases);
        }

        draft.Output.Raw((byte)']');
        return true;
    }
}
