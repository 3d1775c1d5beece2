package example;

import dev.culebra.sparse.SparseMatrix;
import dev.culebra.spmm.Spmm;
import java.util.Arrays;

public class Multiply {
    public static void main(String[] args) {
        float[] weights = {1, 0, 0, 2, 0, 0, 3, 0};                   // A: M = 2 rows, K = 4 columns, row-major
        float[] x = {1, 2, 3, 4, 5, 6, 7, 8};                         // X: N = 2 tokens of K features each
        try (var device = Spmm.open();                                // the GPU if there is one, else the CPU
             var a = device.load(SparseMatrix.of(weights, 2, 4))) {   // rounded to fp16, encoded, uploaded
            float[] y = a.multiply(x, 2);                             // Y: N tokens of M results each
            System.out.println(device.device() + " " + Arrays.toString(y));
        }
    }
}
